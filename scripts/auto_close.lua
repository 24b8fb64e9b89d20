--!strict
-- When a conversation ends by itself after its agent said how it stands. The first rule that fits counts; none: never.
-- Quand une conversation se termine d'elle-même. La première règle qui convient décide.
return auto_close {
	version = 1,

	-- A rule may name: status, disposition, skill, kind, tag, unless_tag. `after = false`: never by itself.
	rules = {
		{ status = "resolved", disposition = "spam", after = "0s" },
		{ status = "resolved", unless_tag = "follow-up", after = "48h" },
		{ status = "closed", after = "15m" },
	},

	-- What must be filled in before a status is taken, for example: required = { resolved = { "disposition" } }
	required = {},
}
