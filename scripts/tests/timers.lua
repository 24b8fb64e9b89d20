--!strict
test("nobody waits more than ten minutes for an answer", function(t)
	local timers = t:timers({})
	expect(timers.agent.total):is("10m")
	expect(timers.agent.on_zero):is("alert")
end)

test("a silent contact leaves the inbox after a day", function(t)
	local timers = t:timers({})
	expect(timers.customer.total):is("1d")
	expect(timers.customer.on_zero):is("remove_from_inbox")
end)
