"""Stand-ins for the outside systems: an LMS, a helpdesk and a mail server. Real servers on real ports, behaving as measured."""
