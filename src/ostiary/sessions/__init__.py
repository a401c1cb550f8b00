"""Who is signed on in which browser: session records and the cookies that point to them."""
