"""What a processing container leaves as its last words.

https://docs.aws.amazon.com/sagemaker/latest/dg/byoc-metadata.html
"""

import codecs

from emulator.sagemaker.jobs.job import Job, JobFailed, Kind

_LENGTH = 1024


def exit_message(job: Job) -> str | None:
    file = job.ml / "output" / "message"
    if job.kind is Kind.TRAINING or not file.is_file():
        return None
    with file.open("rb") as content:
        head = content.read(_LENGTH + 1)
    # What the cut leaves of a character at the end is no error of the message's.
    text = codecs.getincrementaldecoder("utf-8")()
    try:
        return text.decode(head[:_LENGTH], final=len(head) <= _LENGTH)
    except UnicodeDecodeError as error:
        raise JobFailed(f"ClientError: output/message is not UTF-8: {error}") from error
