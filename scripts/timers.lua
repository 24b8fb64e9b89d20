--!strict
-- How long people wait. Each timer turns yellow when half of it is left and red at zero.
-- Les minuteurs : jaune à la moitié, rouge à zéro.
return timers {
	version = 1,

	-- How long a contact waits for an answer, from the first message nobody answered.
	-- on_zero: "alert" (red, no more), "requeue" (back to the queue), "raise_priority".
	-- Attente du contact.
	agent = { total = "10m", on_zero = "alert" },

	-- How long an agent waits for the contact, from the answer. At zero the conversation leaves the inbox; the contact's
	-- next message brings it back to the same agent. `customer = false` turns it off.
	-- Attente de l'agent ; à zéro la conversation quitte la boîte et revient au même agent.
	customer = {
		total = "24h",
		on_zero = "remove_from_inbox",
		extend = { by = "2h", max = 3 },
	},

	-- Instead of the two tables above, a function may decide for each conversation:
	-- policy = function(i: Interaction): TimerPolicy
	--     return {
	--         agent = { total = if i.contact.vip then "2m" else "10m" },
	--         customer = { total = "24h" },
	--     }
	-- end,
}
