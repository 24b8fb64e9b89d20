test("greets in the contact's language and hands over with the choice", function(t)
	t:customer "bonjour"
	t:expect_reply "Bonjour Ana Prado"
	t:expect_choice "Acheter"
	t:customer "Acheter"
	t:expect_reply "Merci"
	t:expect_handed_over("sales", 'Chose "Acheter"')
end)

test("takes the number of a choice too", function(t)
	t:contact { language = "en" }
	t:customer "hi"
	t:expect_reply "Hello Ana Prado"
	t:customer "1"
	t:expect_reply "Thank you"
	t:expect_handed_over "support"
end)

test("asks twice, then a person has it", function(t)
	t:contact { language = "en" }
	t:customer "hi"
	t:expect_reply "Hello"
	t:customer "my parcel is lost"
	t:expect_reply "Please choose"
	t:customer "no"
	t:expect_handed_over(nil, "Chose nothing")
end)

test("says when the desk is closed", function(t)
	t:clock "2026-11-22 15:00 Europe/Paris"
	t:customer "bonjour"
	t:expect_reply "Nous sommes fermés"
	t:expect_handed_over(nil, "closed")
end)

test("opening hours are settings", function(t)
	t:settings { sat = "", mon_fri = "08:00-12:00" }
	t:clock "2026-11-28 10:00 Europe/Paris"
	t:customer "bonjour"
	t:expect_reply "Nous sommes fermés"
end)
