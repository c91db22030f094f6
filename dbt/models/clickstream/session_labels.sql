-- What became of each session, known once it has closed.

select
    log_date,
    session_id,
    site,
    client_id,
    device,
    started_at,
    purchased,
    last_purchase_position
from {{ ref('sessions') }}
order by log_date, session_id
