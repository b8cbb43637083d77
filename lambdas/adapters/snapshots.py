"""Snapshots in the data bucket: written once, with the manifests that jobs read them by."""

import logging
from collections.abc import Mapping
from typing import Any

from contracts import layout
from contracts.snapshot import Accepted, Snapshot, manifest, parse_accepted, parse_snapshot
from contracts.state import accepted
from lambdas.adapters.documents import DocumentMissing, Documents, render
from lambdas.adapters.state import StateTable

logger = logging.getLogger(__name__)


class Snapshots:
    def __init__(self, documents: Documents, state: StateTable, *, model: str) -> None:
        self._documents = documents
        self._state = state
        self._model = model

    def read(self, uri: str) -> Snapshot:
        return parse_snapshot(self._documents.read_json(uri))

    def write(self, snapshot: Snapshot, *, staged: Mapping[str, str]) -> dict[str, Any]:
        """Write the snapshot and its manifests; return what the workflow keeps of them.

        ``staged`` has the prefix of copies of each dataset that is not read where it landed. The
        digest is of the bytes: a snapshot that exists may name older versions of the same bytes.
        """
        bucket, digest = snapshot.bucket, snapshot.digest
        key = layout.snapshot_key(self._model, digest)
        self._documents.write_once(bucket, key, render(snapshot.document()))
        manifests: dict[str, str] = {}
        for name in snapshot.schemas:
            place = layout.staged_manifest_key if name in staged else layout.manifest_key
            listed = manifest(snapshot, name, below=staged.get(name))
            manifest_key = place(self._model, digest, name)
            self._documents.write_once(bucket, manifest_key, render(listed))
            manifests[name] = layout.s3_uri(bucket, manifest_key)
        return {
            "uri": layout.s3_uri(bucket, key),
            "digest": digest,
            "files": len(snapshot.files),
            "manifests": manifests,
        }

    def staged(self, manifests: Mapping[str, str]) -> dict[str, str]:
        """Return the prefix of each dataset whose manifest lists copies."""
        found: dict[str, str] = {}
        for name, uri in manifests.items():
            first = self._documents.read_json(uri)[0]["prefix"]
            _, prefix = layout.split_s3_uri(first)
            if prefix != layout.dataset_prefix(self._model, name):
                found[name] = prefix
        return found

    def last_accepted(self) -> Accepted | None:
        fields = self._state.read(accepted(self._model))
        return None if fields is None else parse_accepted(fields)

    def accepted_files(self, last: Accepted | None) -> Snapshot | None:
        """Return the last accepted snapshot itself; its loss costs work, and no more."""
        if last is None:
            return None
        try:
            return self.read(last.uri)
        except DocumentMissing:
            logger.warning("the last accepted snapshot %s is gone", last.uri)
            return None

    def accept(self, snapshot: Accepted) -> bool:
        """Name the last accepted snapshot, unless one of later data is named already."""
        return self._state.update(
            accepted(self._model),
            "SET #digest = :digest, #uri = :uri, #profile_uri = :profile_uri, #run_id = :run_id, "
            "#as_of = :as_of",
            "attribute_not_exists(#as_of) OR #as_of <= :as_of",
            digest=snapshot.digest,
            uri=snapshot.uri,
            profile_uri=snapshot.profile_uri,
            run_id=snapshot.run_id,
            as_of=snapshot.as_of,
        )
