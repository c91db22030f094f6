-- What became of each session, known once it has closed.

select
    log_date,
    session_id,
    site,
    purchased,
    last_purchase_position
from {{ ref('sessions') }}
order by log_date, session_id
