"""What does a process write of itself? One JSON line an event on standard error; no secrets, no personal data."""

import logging
import sys

import structlog


def configure() -> None:
    """Set logging up for a role; libraries' warnings come out in the same form."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # these log what they send, and that has people in it; apscheduler tells of every second
    for chatty in ("twilio", "urllib3", "httpx", "apscheduler", "uvicorn.access", "alibabacloud_credentials"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
