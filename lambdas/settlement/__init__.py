"""Settle the end of an execution: free the lease, write the ledger, tell people once."""
