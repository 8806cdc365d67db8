"""Appraisal of the people who help, and what becomes of orders on their way down."""

from supervision.models.appraisal import Appraisal, AppraisalRound, AppraisalScheme, AppraisalWord
from supervision.models.order import ActivityCount, Order, OrderAction, OrderReceipt, OrderRevision, OrderVillage

# Every table whose rows the audit trail vouches for; what is counted follows from others and is left out of their digests.
VOUCHED = (
    AppraisalScheme,
    AppraisalRound,
    Appraisal,
    AppraisalWord,
    Order,
    OrderRevision,
    OrderVillage,
    OrderReceipt,
    OrderAction,
)

__all__ = [
    "VOUCHED", "ActivityCount", "Appraisal", "AppraisalRound", "AppraisalScheme", "AppraisalWord", "Order", "OrderAction", "OrderReceipt",
    "OrderRevision", "OrderVillage",
]  # fmt: skip
