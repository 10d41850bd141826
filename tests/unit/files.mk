# Host unit tests: unit-y names tests/unit/<name>.c, <name>-objs what it links (paths from the tree's root).
unit-y :=
