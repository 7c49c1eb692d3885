"""One live stack for all tests here: a package, so that pytest stops the stack after the last of them."""
