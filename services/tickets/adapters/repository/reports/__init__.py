"""Results of cycles, what they come to, and what is made of them."""

from services.tickets.adapters.repository.reports.exemptions import ExemptionRepository
from services.tickets.adapters.repository.reports.recognitions import RecognitionRepository
from services.tickets.adapters.repository.reports.results import ReportRepository
from services.tickets.adapters.repository.reports.reviews import ReviewRepository
from services.tickets.adapters.repository.reports.what_ifs import WhatIfRepository

__all__ = [
    "ExemptionRepository",
    "RecognitionRepository",
    "ReportRepository",
    "ReviewRepository",
    "WhatIfRepository",
]
