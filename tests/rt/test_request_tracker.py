"""The Request Tracker that the synchronisation meets is a real one."""

import httpx

from tests.rt.server import PASSWORD, REQUESTER_ADDRESS, Person, RequestTracker


async def test_a_real_request_tracker_answers(request_tracker: RequestTracker) -> None:
    async with httpx.AsyncClient(base_url=f"{request_tracker.base_url}/REST/2.0") as client:
        stranger = await client.get("/rt")
        by_token = await client.get("/rt", headers={"Authorization": f"token {request_tracker.token}"})
        by_password = await client.get("/rt", auth=("root", PASSWORD))
    assert stranger.status_code == 401
    assert by_token.json()["Version"].startswith("5.")
    assert by_password.json()["Version"] == by_token.json()["Version"]


async def test_people_at_request_tracker_talk_about_a_ticket(request_tracker: RequestTracker) -> None:
    requester, agent = request_tracker.requester, request_tracker.agent
    ticket = await requester.create("Cannot enrol", "The button is grey, naïvely 😀", Requestor=REQUESTER_ADDRESS)
    reply = await agent.reply(ticket, "We look into it: ü €")
    note = await agent.comment(ticket, "Ask the vendor")
    await agent.set_priority(ticket, 80)
    await agent.set_status(ticket, "resolved")

    glidepath = Person(request_tracker.base_url, request_tracker.token)
    seen = await glidepath.get(f"/ticket/{ticket}")
    history = await glidepath.get(f"/ticket/{ticket}/history", fields="Type,Creator")
    texts = await glidepath.get(f"/ticket/{ticket}/attachments", fields="TransactionId,Content")
    await glidepath.close()

    assert (seen["Status"], seen["Priority"], seen["Subject"]) == ("resolved", "80", "Cannot enrol")
    messages = [item for item in history["items"] if item["Type"] in {"Create", "Correspond", "Comment"}]
    assert [(item["Type"], item["Creator"]["id"]) for item in messages] == [
        ("Create", "requester"),
        ("Correspond", "agent"),
        ("Comment", "agent"),
    ]
    by_transaction = {item["TransactionId"]: item["Content"] for item in texts["items"]}
    assert by_transaction[reply] == "We look into it: ü €"
    assert by_transaction[note] == "Ask the vendor"
    assert by_transaction[messages[0]["id"]] == "The button is grey, naïvely 😀"


async def test_a_stopped_request_tracker_comes_back_with_its_tickets(request_tracker: RequestTracker) -> None:
    ticket = await request_tracker.agent.create("Still here?", "Yes")
    request_tracker.stop()
    await request_tracker.start()
    assert (await request_tracker.agent.get(f"/ticket/{ticket}"))["Subject"] == "Still here?"
