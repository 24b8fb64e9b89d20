--!strict
-- What holds however you change the timers: one that is on gives people time.
test("a timer that is on leaves time to act", function(t)
	for _, contact in { { vip = false }, { vip = true } } do
		local timers = t:timers({ contact = contact })
		for _, name in { "agent", "customer" } do
			if timers[name] then
				expect(timers[name].total):is_not("1s")
			end
		end
	end
end)
