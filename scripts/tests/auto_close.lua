--!strict
test("spam ends at once", function(t)
	expect(t:auto_close({ status = "resolved", disposition = "spam" }).after):is("0s")
end)

test("what is resolved ends after two days, unless it is to be followed up", function(t)
	expect(t:auto_close({ status = "resolved" }).after):is("2d")
	expect(t:auto_close({ status = "resolved", tags = { "follow-up" } }).after):is(nil)
end)

test("what is closed leaves after a quarter of an hour", function(t)
	expect(t:auto_close({ status = "closed" }).after):is("15m")
	expect(t:auto_close({ status = "open" }).after):is(nil)
end)
