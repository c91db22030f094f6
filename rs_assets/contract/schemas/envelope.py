"""The envelope's schema: what the collector itself wrote around a payload.

`folder_site` (JSON text), `site_declared` (Boolean) and `folder_log_date` (Date) come from where the line stands in
the log;
`received_time` is `received_at` as a time.
"""

from __future__ import annotations

import pandera.polars as pa
import polars as pl

from rs_assets.contract.codes import Code
from rs_assets.contract.fields import check, frame_check, required, text


def received_time(received_at: pl.Expr) -> pl.Expr:
    """The envelope's `received_at` as Datetime[us], UTC; null where it is not a time.

    Of the patterns that say the same, polars reads this one four times as fast.
    """
    inner = received_at.str.slice(1, 26)
    return inner.str.to_datetime("%Y-%m-%dT%H:%M:%S.%6f", time_unit="us", strict=False)


ENVELOPE = pa.DataFrameSchema(
    {
        "received_at": text(
            "received_at",
            required(),
            check(
                Code.TS_INVALID,
                lambda c: (
                    ~c.str.starts_with('"')
                    | (
                        (c.str.len_bytes() == 29)
                        & c.str.ends_with('Z"')
                        & pl.col("received_time").is_not_null()
                    )
                ),
                "a UTC time such as 2024-01-01T00:00:00.123456Z",
                "must be a UTC time with microseconds, ended by Z",
            ),
            chars=None,
        ),
        "site": text("site", required(), chars=None),
        "request_id": text("request_id", required(), chars=None),
        "path": text("path", chars=None),
        "ip": text("ip", chars=None),
        "user_agent": text("user_agent", chars=None),
    },
    checks=[
        frame_check(
            Code.SITE_UNKNOWN,
            pl.col("site_declared"),
            "a site that is declared",
            "is not one of the sites that are declared",
            "site",
        ),
        frame_check(
            Code.ENUM_INVALID,
            pl.col("site") == pl.col("folder_site"),
            "the site of the folder it lies in",
            "is not the site of the folder it lies in",
            "site",
        ),
        frame_check(
            Code.OUT_OF_RANGE,
            pl.col("received_time").dt.date() == pl.col("folder_log_date"),
            "a time on the log date it lies in",
            "is not on the log date of the folder it lies in (UTC)",
            "received_at",
        ),
    ],
    name="envelope",
)
