"""Write down, once, all that it takes to say why a run's model is live and to build it again."""
