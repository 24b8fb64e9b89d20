test("answers and resolves", function(t)
	t:contact { language = "en" }
	t:customer "When are you open?"
	t:expect_reply "Monday to Friday"
	t:expect_reply "Does that answer"
	t:expect_choice "Yes"
	t:customer "Yes"
	t:expect_reply "welcome"
	t:expect_resolved()
end)

test("understands accents", function(t)
	t:customer "Quel est le délai de livraison ?"
	t:expect_reply "trois jours"
end)

test("hands over what it does not know", function(t)
	t:customer "Mon colis est cassé"
	t:expect_handed_over(nil, "No answer known")
end)

test("hands over when two answers fit", function(t)
	t:customer "Where is your address, and when are you open, hours?"
	t:expect_handed_over()
end)

test("hands over when the answer did not help", function(t)
	t:settings { skill = "support" }
	t:contact { language = "en" }
	t:customer "delivery?"
	t:expect_reply "three days"
	t:expect_reply "Does that"
	t:customer "no"
	t:expect_handed_over("support", "did not help")
end)

test("answers one question after the other", function(t)
	t:contact { language = "en" }
	t:customer "delivery?"
	t:expect_reply "three days"
	t:expect_reply "Does that"
	t:customer "and where are you?"
	t:expect_reply "12 rue des Lilas"
end)
