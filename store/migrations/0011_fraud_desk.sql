-- What the bank's people decide about fraud alerts.

-- What the desk sorts alerts by. `decided_at` and `verdict` are of the newest decision.
ALTER TABLE fraud_alert ADD COLUMN asked_at BIGINT;
ALTER TABLE fraud_alert ADD COLUMN reminded_at BIGINT;
ALTER TABLE fraud_alert ADD COLUMN decided_at BIGINT;
ALTER TABLE fraud_alert ADD COLUMN verdict TEXT;
CREATE UNIQUE INDEX fraud_alert_id ON fraud_alert(bank, id);
CREATE INDEX fraud_alert_card ON fraud_alert(bank, card, made_at);
CREATE INDEX fraud_alert_terminal ON fraud_alert(bank, terminal, made_at);

-- Decisions, numbered from 1 for each alert; a change is one more. They go with their alert: in time, and when its
-- customer is erased. `note` is sealed with that customer's key. `taught` is 1 when the engine need not hear of it any more.
CREATE TABLE fraud_decision(
    bank TEXT NOT NULL,
    alert TEXT NOT NULL,
    number BIGINT NOT NULL,
    verdict TEXT NOT NULL,
    note BYTEA NOT NULL,
    by_staff TEXT NOT NULL,
    at BIGINT NOT NULL,
    taught BIGINT NOT NULL,
    PRIMARY KEY(bank, alert, number)
);
CREATE INDEX fraud_decision_untaught ON fraud_decision(at) WHERE taught = 0;
