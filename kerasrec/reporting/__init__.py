"""What logged impressions say: click rates, comparisons of versions, and drift."""

from kerasrec.reporting.online_report import OnlineReport as OnlineReport
from kerasrec.reporting.online_report import online_report as online_report
