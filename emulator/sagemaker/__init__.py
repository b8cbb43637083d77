"""SageMaker that really runs: jobs as processes, endpoints as HTTP servers, a registry."""
