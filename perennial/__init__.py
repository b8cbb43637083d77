"""The command line of people who run the platform: it asks AWS, and never builds stacks."""
