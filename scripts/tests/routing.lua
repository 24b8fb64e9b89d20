--!strict
-- Run with `guichet test`, and before each change of the scripts goes live: a change that breaks a test stays out.
-- These hold however you change the routing. Add what must never change in your house, for example:
--
-- test("VIP goes first", function(t)
--     t:clock("2026-11-23 10:00 Europe/Paris")
--     expect(t:route({ contact = { vip = true } }).priority):is(900)
-- end)
--
-- Ces tests restent vrais quel que soit le routage ; ajoutez ce qui ne doit jamais changer chez vous.
local function goes_somewhere(d)
	expect(d.skill ~= nil or d.agent ~= nil or d.team ~= nil or d.hold ~= nil):is(true)
end

test("every message goes somewhere", function(t)
	goes_somewhere(t:route({ text = "What is the price, please?" }))
	goes_somewhere(t:route({ text = "Bonjour, où est ma commande ?", language = "fr" }))
	goes_somewhere(t:route({ text = "", message_kind = "image", contact = { name = "", vip = true } }))
end)

test("at night and on a holiday too", function(t)
	t:clock("2026-11-22 03:00 Europe/Paris")
	goes_somewhere(t:route({ text = "Bonsoir" }))
	t:clock("2026-12-25 12:00 Europe/Paris")
	goes_somewhere(t:route({ text = "Joyeux Noël" }))
end)
