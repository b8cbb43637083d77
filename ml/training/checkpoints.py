"""Where a long training stood after each epoch, so that an interruption costs one epoch.

SageMaker copies the folder to S3 while a job on spot capacity runs, and back before it goes on:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-managed-spot-training.html
"""

import os
import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

KEPT = 2
"""The newest may have been torn by what interrupted the training; the one before was not."""
_NAME = re.compile(r"epoch-([0-9]{6})\.checkpoint", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    epoch: int
    """How many epochs were done."""
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoints:
    """The checkpoints of one training below ``folder``.

    ``training`` says on which rows, with which settings and by which framework; what another
    training left in the folder is no use.
    """

    folder: Path
    training: str

    def save(self, checkpoint: Checkpoint) -> None:
        """Write it whole or not at all, then drop all but the newest few."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"epoch-{checkpoint.epoch:06}.checkpoint"
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            file.write(f"{self._digest(checkpoint)}\n{self.training}\n".encode())
            file.write(checkpoint.content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        for old in self._paths()[KEPT:]:
            old.unlink()

    def newest(self) -> Checkpoint | None:
        """Return the newest sound checkpoint of this training; say which ones are not, and why."""
        for path in self._paths():
            digest, _, rest = path.read_bytes().partition(b"\n")
            training, _, content = rest.partition(b"\n")
            epoch = int(path.stem.removeprefix("epoch-"))
            checkpoint = Checkpoint(epoch=epoch, content=content)
            if digest != self._digest(checkpoint, training).encode():
                print(f"checkpoint {path.name} is torn or changed, and ignored", flush=True)
            elif training.decode() != self.training:
                print(f"checkpoint {path.name} is of another training, and ignored", flush=True)
            else:
                return checkpoint
        return None

    def _paths(self) -> list[Path]:
        """Return all of them, newest first."""
        found = self.folder.iterdir() if self.folder.is_dir() else ()
        return sorted((path for path in found if _NAME.fullmatch(path.name)), reverse=True)

    def _digest(self, checkpoint: Checkpoint, training: bytes | None = None) -> str:
        of = self.training.encode() if training is None else training
        return sha256(b"%d\n%s\n%s" % (checkpoint.epoch, of, checkpoint.content)).hexdigest()
