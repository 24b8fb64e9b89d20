--!strict
-- What holds however you change the list: names in braces are filled in.
test("an automatic reply knows whom it speaks to", function(t)
	local text = t:reply("Hello {contact.first_name}, we open at {hour}.", { hour = "8:00" }, { contact = { name = "Ana Prado" } })
	expect(text):is("Hello Ana, we open at 8:00.")
end)
