"""The image's entry point: ``python -m ml.container train`` or ``serve``, as SageMaker calls it."""

import sys

COMMANDS = ("train", "serve")


def main(arguments: list[str]) -> int:
    # Each command imports only what it needs: a server without scikit-learn starts in a second.
    if arguments == ["train"]:
        from ml.training.__main__ import main as train

        return train()
    if arguments == ["serve"]:
        from ml.serving.__main__ import main as serve

        return serve()
    print(f"the command must be one of {', '.join(COMMANDS)}, got {arguments}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
