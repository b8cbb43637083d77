"""Templates, read as CloudFormation would read them."""
