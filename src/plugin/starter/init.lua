--!strict
local p = plugin()

p:bot {
	-- A conversation was routed here: `c` is the conversation, `m` what the contact wrote.
	start = function(c, m)
		c:reply(`{p.settings.greeting}, {c.contact.name}! Shall I get you a person?`, { choices = { "Yes", "No" } })
	end,

	-- Every further message.
	message = function(c, m)
		if m.choice == "No" then
			c:reply("Then goodbye!")
			return c:resolve()
		end
		c:hand_over { note = `The contact wrote "{m.text}".` }
	end,
}

return p
