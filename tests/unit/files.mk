# Host unit tests: unit-y names tests/unit/<name>.c, <name>-objs what it links (paths from the tree's root).
unit-y :=

# the tools
unit-y += test_abi_layout
test_abi_layout-objs := tests/unit/abi_ours.o tests/unit/abi_xen.o
