"""The model registry: package groups and their versions, approval, metadata, events.

The records are our own: moto's invent a user and a domain, stamp the wall clock, send no events,
do not enforce the limits of CustomerMetadataProperties and list in an order of their own.

Unproven against AWS: the wording when a group that still has versions is deleted, and when a
group's policy denies something (that of other services is used); that
CustomerMetadataProperties of an update are merged into those that are there (the call has a
parameter to remove some, which would be pointless if it replaced them all).

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry.html
"""

from emulator.sagemaker.registry.room import Registry

__all__ = ["Registry"]
