--!strict
-- What holds however you change the rules: work that is going on never ends by itself.
test("what is not resolved or closed never ends by itself", function(t)
	for _, status in { "new", "open", "pending", "escalated" } do
		expect(t:auto_close({ status = status }).after):is(nil)
	end
end)
