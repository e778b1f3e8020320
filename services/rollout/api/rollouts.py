"""Rollouts as trees, and the orders that people give to waves. Each order answers with the wave before and after it."""

from collections.abc import Awaitable, Callable
from functools import cache
from typing import Annotated

from fastapi import Query, Request, Response

from services.rollout.api.units import RolloutUow
from services.rollout.ports import RolloutUnit
from services.rollout.schemas.orders import AbortBody, HoldBody, OrderOut, PauseBody, PromoteBody, ReasonBody
from services.rollout.schemas.rollouts import RolloutBrief, RolloutOut, TimelineOut, WaveOut
from services.rollout.usecases.orders import (
    Order,
    abort_wave,
    hold_wave,
    lift_hold,
    promote_wave,
    resume_wave,
    retry_wave,
)
from services.rollout.usecases.views import get_rollout, get_wave, list_rollouts, page_timeline
from shared.errors import FieldProblem, InvalidRequest
from shared.rest import Caller, Now, Page, Paging, Router, page_of

WAVE = "/v1/rollouts/{name}/waves/{wave}"
NO_REASON = "No reason was given."


@cache
def make_rollouts_router() -> Router:
    router = Router(tags=["rollouts"])
    _add_views(router)
    _add_going_on(router)
    _add_stopping(router)
    return router


def _add_views(router: Router) -> None:
    @router.get("/v1/rollouts")
    async def list_all(request: Request, response: Response, unit: RolloutUow, paging: Paging) -> Page[RolloutBrief]:
        """Every rollout, by name, with where its waves stand."""
        found, after = await list_rollouts(unit, paging)
        return page_of([RolloutBrief.of(rollout, waves) for rollout, waves in found], after, request, response)

    @router.get("/v1/rollouts/{name}")
    async def show(name: str, unit: RolloutUow, caller: Caller, now: Now) -> RolloutOut:
        """The whole tree: waves, gates, holds, what each waits for and until when, and what you may do."""
        return RolloutOut.of(await get_rollout(unit, name, caller.roles, now))

    @router.get("/v1/rollouts/{name}/timeline")
    async def timeline(
        name: str,
        request: Request,
        response: Response,
        unit: RolloutUow,
        paging: Paging,
        wave: Annotated[str | None, Query(max_length=63)] = None,
    ) -> Page[TimelineOut]:
        """What happened, newest first: every transition with its evidence, and every human act."""
        entries, after = await page_timeline(unit, name, paging, wave=wave)
        return page_of([TimelineOut.of(entry) for entry in entries], after, request, response)


async def _ordered(unit: RolloutUnit, order: Order, carry_out: Callable[[], Awaitable[None]]) -> OrderOut:
    roles = order.by.roles
    before = WaveOut.of_view(await get_wave(unit, order.rollout, order.wave, roles, order.now))
    await carry_out()
    after = WaveOut.of_view(await get_wave(unit, order.rollout, order.wave, roles, order.now))
    return OrderOut(rollout=order.rollout, wave=order.wave, before=before, after=after)


def _add_going_on(router: Router) -> None:
    @router.post(f"{WAVE}/promote")
    async def promote(name: str, wave: str, body: PromoteBody, unit: RolloutUow, caller: Caller, now: Now) -> OrderOut:
        """Go on now: past notice, planned date and bake time; with `full` past gates too. Others' holds stay in force."""
        if body.full and not body.reason:
            detail = "Skipping gates needs a reason."
            raise InvalidRequest(detail, errors=[FieldProblem("/reason", "say why the gates are skipped")])
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason or NO_REASON, now=now)
        return await _ordered(unit, order, lambda: promote_wave(unit, order, full=body.full))

    @router.post(f"{WAVE}/resume")
    async def resume(name: str, wave: str, body: ReasonBody, unit: RolloutUow, caller: Caller, now: Now) -> OrderOut:
        """Take back a pause; other holds stay."""
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason or NO_REASON, now=now)
        return await _ordered(unit, order, lambda: resume_wave(unit, order))

    @router.post(f"{WAVE}/holds/{{hold_id}}/lift")
    async def lift(
        name: str, wave: str, hold_id: str, body: ReasonBody, unit: RolloutUow, caller: Caller, now: Now
    ) -> OrderOut:
        """Lift one hold. IT's holds are IT's to lift; a gate's hold only once the gate passes."""
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason or NO_REASON, now=now)
        return await _ordered(unit, order, lambda: lift_hold(unit, order, hold_id))

    @router.post(f"{WAVE}/retry")
    async def retry(name: str, wave: str, body: ReasonBody, unit: RolloutUow, caller: Caller, now: Now) -> OrderOut:
        """Begin a stopped wave again, or ask again what was answered no."""
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason or NO_REASON, now=now)
        return await _ordered(unit, order, lambda: retry_wave(unit, order))


def _add_stopping(router: Router) -> None:
    @router.post(f"{WAVE}/pause")
    async def pause(name: str, wave: str, body: PauseBody, unit: RolloutUow, caller: Caller, now: Now) -> OrderOut:
        """Hold a wave until `resume`, or until the pause expires."""
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason or "Paused.", now=now)
        return await _ordered(
            unit, order, lambda: hold_wave(unit, order, pause=True, expires_at=body.expires_at, next_step="")
        )

    @router.post(f"{WAVE}/hold")
    async def hold(name: str, wave: str, body: HoldBody, unit: RolloutUow, caller: Caller, now: Now) -> OrderOut:
        """Place a hold of your own on top of any other. An IT lead's hold is lifted by IT only."""
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason, now=now)
        return await _ordered(
            unit,
            order,
            lambda: hold_wave(unit, order, pause=False, expires_at=body.expires_at, next_step=body.next_step),
        )

    @router.post(f"{WAVE}/abort")
    async def abort(name: str, wave: str, body: AbortBody, unit: RolloutUow, caller: Caller, now: Now) -> OrderOut:
        """Stop a wave; nobody further is enrolled. With `roll_back`, whoever has not begun is un-enrolled."""
        order = Order(rollout=name, wave=wave, by=caller, reason=body.reason or NO_REASON, now=now)
        return await _ordered(unit, order, lambda: abort_wave(unit, order, roll_back=body.roll_back))
