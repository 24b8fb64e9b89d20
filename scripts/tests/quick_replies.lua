--!strict
test("the automatic reply speaks the contact's language", function(t)
	local values = { reopens = "08:00" }
	expect(t:reply("closed_hours", values, { language = "fr" })):contains("Nous sommes fermés")
	expect(t:reply("closed_hours", values, { language = "en" })):contains("as soon as we open: 08:00")
	-- Of whom no language is known gets the default one.
	expect(t:reply("closed_hours", values)):contains("Nous sommes fermés")
end)
