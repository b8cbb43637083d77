"""End a run with the error that its job ended with, and let a redrive begin the job anew."""
