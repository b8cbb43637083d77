"""Faults that tests put into the AWS calls of handlers, jobs and state machines.

A process is known by the access key it was started with; a state machine calls in this process.
"""
