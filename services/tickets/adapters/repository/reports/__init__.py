"""Results of cycles, what they come to, and what is made of them."""

from services.tickets.adapters.repository.reports.exemptions import ExemptionRepository
from services.tickets.adapters.repository.reports.results import ReportRepository

__all__ = ["ExemptionRepository", "ReportRepository"]
