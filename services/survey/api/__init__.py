"""Routes: parse, one use case, answer. `rest` for programs, `pages` for people without an account."""

from services.survey.api.pages import make_page_router
from services.survey.api.rest import make_rest_router

__all__ = ["make_page_router", "make_rest_router"]
