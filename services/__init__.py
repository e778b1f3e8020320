"""The four services. They never import each other; facts travel as events (`shared.events`)."""
