-- Rules against fraud that go live in the console, and the budget of alerts, which is lifted there.

-- Sets of rules that somebody proposed. `text` is what was written; an empty one means that no rules shall be in force. `digest`
-- is the set's SHA-256, `instead_of` that of the rules in force when it was proposed, `report` what a trial on the past said (JSON). `number` counts the approved ones of a bank from 1.
-- The person who decides is never the person who proposed: the database itself refuses such a row.
CREATE TABLE fraud_rule_set(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    text TEXT NOT NULL,
    digest TEXT NOT NULL,
    instead_of TEXT NOT NULL,
    why TEXT NOT NULL,
    report TEXT,
    state TEXT NOT NULL,
    proposed_by TEXT NOT NULL,
    proposed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    decided_by TEXT,
    decided_at BIGINT,
    number BIGINT,
    PRIMARY KEY(bank, id),
    CHECK (state NOT IN ('approved', 'declined') OR (decided_by IS NOT NULL AND decided_by <> proposed_by)),
    CHECK ((state = 'approved') = (number IS NOT NULL))
);
CREATE UNIQUE INDEX fraud_rule_set_number ON fraud_rule_set(bank, number) WHERE number IS NOT NULL;

-- Which set is in force: the one that was approved last, or none ('') as long as the bank's file counts. Whoever approves
-- says what they took to be in force, so of two approvals at once one does nothing.
CREATE TABLE fraud_rules_now(
    bank TEXT NOT NULL,
    in_force TEXT NOT NULL,
    number BIGINT NOT NULL,
    PRIMARY KEY(bank)
);

-- On how many payments of a day the condition of a rule was true, and how many of their cards are in its share. By the
-- rule's name; no payment and no card is named.
CREATE TABLE fraud_rule_hit(
    bank TEXT NOT NULL,
    day BIGINT NOT NULL,
    rule TEXT NOT NULL,
    matched BIGINT NOT NULL,
    acted BIGINT NOT NULL,
    PRIMARY KEY(bank, day, rule)
);

-- For how long somebody lifted the budget of alerts. One at a time.
CREATE TABLE fraud_budget_lift(
    bank TEXT NOT NULL,
    id TEXT NOT NULL,
    at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    why TEXT NOT NULL,
    by_staff TEXT NOT NULL,
    ended_at BIGINT,
    ended_by TEXT,
    PRIMARY KEY(bank, id)
);
CREATE UNIQUE INDEX fraud_budget_lift_one ON fraud_budget_lift(bank) WHERE ended_at IS NULL;

-- Which officers made a link for somebody. Whoever makes the link can also use it, so two people who have an officer in
-- common may be one. Of those who were invited before this was written down, every officer is taken for it.
CREATE TABLE staff_vouch(
    bank TEXT NOT NULL,
    staff TEXT NOT NULL,
    by_staff TEXT NOT NULL,
    PRIMARY KEY(bank, staff, by_staff)
);
INSERT INTO staff_vouch(bank, staff, by_staff)
    SELECT a.bank, a.id, o.id FROM staff a JOIN staff o ON o.bank = a.bank AND o.role = 'officer'
    WHERE a.role = 'fraud_analyst';
