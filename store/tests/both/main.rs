//! What the store promises, on both databases: each test body gets a fresh database and is run once on
//! SQLite and once on PostgreSQL.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bank_tasks;
mod card_events;
mod claims;
mod consents;
mod crash;
mod erasing;
mod fixture;
mod fraud_alerts;
mod fraud_desk;
mod fraud_rules;
mod grants;
mod keks;
mod links;
mod log;
mod lost;
mod messages;
mod opening;
mod orders;
mod sealed_links;
mod sealing;
mod sign_ins;
mod staff;
mod tls;
mod transactions;
mod watches;
mod without_key;

/// Names each body once and makes a test of it for each database.
macro_rules! on_both {
    ($($noun:ident :: $promise:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                crate::$noun::$promise(crate::fixture::sqlite()).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $promise() {
                crate::$noun::$promise(crate::fixture::postgres()).await;
            })+
        }
    };
}

on_both! {
    bank_tasks::a_task_is_stored_once_per_key,
    bank_tasks::a_task_is_tried_again_when_its_time_has_come_and_not_before,
    bank_tasks::a_worker_that_lost_its_lease_ends_nothing,
    card_events::a_bank_has_an_order_of_its_own_and_it_is_read_in_parts,
    card_events::an_event_is_taken_once_and_a_place_is_given_once,
    card_events::of_two_writers_at_one_place_one_loses_and_the_places_have_no_gap,
    card_events::a_customers_word_finds_the_first_event_about_a_payment,
    card_events::forgetting_leaves_the_last_event_so_that_places_go_on,
    claims::messages_are_handled_in_order_and_by_one_worker_at_a_time,
    claims::a_worker_that_lost_its_lease_stores_nothing,
    claims::a_claim_given_back_comes_again_and_is_counted,
    claims::a_busy_conversation_goes_to_the_end_of_the_line,
    consents::the_second_of_two_changes_is_told_what_it_found,
    consents::what_cannot_happen_to_a_consent_changes_nothing,
    consents::the_newest_consent_that_holds_is_the_current_one,
    consents::nothing_is_allowed_after_an_acknowledged_withdrawal,
    consents::a_consent_of_another_customer_is_not_found,
    consents::the_history_of_a_consent_is_kept_and_each_step_that_counts_is_logged,
    consents::what_held_when_a_consent_was_asked_for_is_stored_once,
    consents::a_bank_is_asked_and_a_customer_reminded_once_per_time,
    consents::a_bank_that_pulls_out_is_known_until_it_comes_back,
    crash::nothing_acknowledged_is_lost_when_the_process_is_killed,
    erasing::an_erased_customer_leaves_no_row_and_the_log_stays_whole,
    erasing::an_erased_customer_does_not_begin_again,
    erasing::what_a_hold_keeps_can_be_read_until_it_ends,
    erasing::what_the_bank_must_be_told_outlives_the_key_under_another,
    erasing::every_table_of_customers_is_known_to_erasing,
    erasing::an_erasure_is_found_from_request_to_receipt,
    fraud_alerts::a_payment_is_asked_about_once_in_a_conversation,
    fraud_alerts::an_alert_is_held_by_one_worker_and_a_lost_lease_changes_nothing,
    fraud_alerts::a_failure_is_counted_and_a_step_that_changes_no_state_leaves_its_time,
    fraud_alerts::those_that_wait_longest_are_claimed_first_and_some_of_them_never,
    fraud_alerts::an_answer_counts_only_from_where_it_may,
    fraud_alerts::what_joined_a_question_is_asked_about_once,
    fraud_alerts::a_card_is_asked_about_while_its_question_waits,
    fraud_alerts::a_conversation_has_its_newest_first_and_a_customer_the_oldest,
    fraud_alerts::what_is_told_of_a_payment_opens_in_its_own_alert_only,
    fraud_alerts::erasing_takes_alerts_and_leaves_the_log_that_names_nobody,
    fraud_alerts::a_customer_without_a_key_is_passed_over_and_holds_up_nobody,
    fraud_alerts::what_is_over_is_forgotten_and_what_waits_is_not,
    fraud_desk::open_work_comes_by_what_the_customer_said_and_then_by_age,
    fraud_desk::a_no_after_genuine_is_open_work_again,
    fraud_desk::a_decision_has_its_number_once_and_a_change_keeps_the_first,
    fraud_desk::of_two_who_decide_an_alert_at_once_one_does,
    fraud_desk::a_decided_alert_is_not_asked_about_any_more,
    fraud_desk::those_that_joined_a_question_are_asked_when_it_ends,
    fraud_desk::when_a_customer_was_asked_and_reminded_is_kept,
    fraud_desk::decisions_go_with_their_alert,
    fraud_desk::alerts_of_a_terminal_and_of_a_card_are_those_of_one_bank,
    fraud_desk::the_events_of_a_card_are_found_from_before_and_from_after,
    fraud_rules::rules_are_approved_by_somebody_else_who_is_there_for_it_and_in_time,
    fraud_rules::of_two_approvals_at_once_the_second_is_told_that_something_else_is_in_force,
    fraud_rules::an_officer_who_made_a_link_for_one_of_two_may_be_that_one,
    fraud_rules::a_proposal_of_rules_is_declined_taken_back_or_too_old_and_so_many_are_open,
    fraud_rules::hits_of_rules_add_up_by_day_until_they_are_forgotten,
    fraud_rules::the_budget_is_lifted_once_at_a_time_and_until_its_end,
    grants::a_grant_is_given_back_as_it_was_stored,
    grants::one_process_at_a_time_renews_a_grant,
    keks::keys_are_wrapped_anew_while_others_serve,
    keks::a_change_that_was_broken_off_goes_on,
    keks::a_key_that_is_nowhere_is_named,
    keks::an_old_copy_of_a_key_opens_nothing_after_the_change,
    links::an_attempt_goes_through_its_steps_once,
    links::a_link_that_is_over_moves_no_more,
    links::a_link_of_another_bank_is_not_found,
    links::only_what_returned_from_the_bank_can_be_confirmed,
    links::of_two_browsers_one_is_bound,
    log::a_decision_is_told_its_place_and_a_refusal_too,
    log::a_decision_is_found_by_its_entry_at_its_own_bank_only,
    log::places_have_no_gap_whoever_decides,
    log::two_stores_on_one_database_share_one_log,
    log::a_decision_that_was_not_staged_is_an_error_and_undoes_all,
    log::a_decision_is_logged_once,
    log::an_opening_proves_its_leaf_and_a_leaf_names_nobody,
    log::accesses_come_newest_first_in_pages,
    messages::a_message_that_comes_twice_is_stored_once,
    messages::both_directions_share_one_order,
    messages::a_conversation_remembers_what_it_was_told,
    messages::who_waits_for_messages_is_woken,
    opening::a_changed_migration_is_refused,
    opening::an_unknown_migration_is_refused,
    opening::another_key_is_refused,
    opening::what_was_stored_is_there_after_opening_again,
    orders::an_order_is_written_once_and_what_is_done_stays_done,
    orders::the_newest_orders_come_first_and_are_those_of_one_customer,
    sealed_links::a_page_is_opened_once_by_the_browser_that_came_first,
    sealed_links::an_opening_without_an_end_is_taken_over_and_may_show_nothing,
    sealed_links::an_opening_that_failed_may_be_tried_again_within_limits,
    sealed_links::refused_tries_close_a_page_and_its_question_goes,
    sealed_links::an_unknown_browser_waits_for_a_word,
    sealed_links::a_page_that_is_over_opens_nothing_and_is_forgotten_in_time,
    sealed_links::a_browser_is_known_after_the_yes_and_for_its_own_consent,
    sealed_links::one_sender_has_one_conversation_however_many_messages_come_at_once,
    sealing::nothing_personal_can_be_read_in_the_files,
    sealing::every_column_that_can_hold_something_personal_is_sealed_and_searched_for,
    sealing::a_sealed_value_does_not_open_in_another_row,
    sealing::without_the_customers_key_nothing_opens,
    sign_ins::a_sign_in_comes_back_once_in_time_to_its_own_browser,
    sign_ins::what_a_sign_in_waits_for_opens_with_its_cookie_alone,
    sign_ins::a_sign_in_ends_when_it_is_not_used_and_in_any_case_after_its_time,
    sign_ins::somebody_who_signed_in_chooses_among_their_own,
    sign_ins::the_newest_yes_says_who_a_customer_is,
    sign_ins::who_is_to_be_erased_is_found_by_nobody,
    sign_ins::what_is_over_is_forgotten,
    staff::nobody_decides_what_they_proposed,
    staff::the_database_refuses_a_row_that_one_person_decided,
    staff::a_proposal_waits_its_time_and_no_longer,
    staff::of_two_who_decide_at_once_one_does,
    staff::an_invitation_works_once_and_the_newest_only,
    staff::a_ceremony_is_ended_once,
    staff::a_persons_last_passkey_stays_and_a_use_is_noted_once,
    staff::whoever_is_removed_has_nothing_left,
    staff::decisions_are_found_by_what_they_were_about,
    staff::whom_a_no_touches_is_counted_without_opening_anything,
    transactions::a_refusal_undoes_everything,
    transactions::the_first_error_decides_even_over_ok,
    transactions::a_panic_undoes_everything_and_the_store_goes_on,
    transactions::a_full_queue_says_so_and_does_nothing,
    transactions::a_reader_cannot_write,
    transactions::one_that_fails_takes_nobody_with_it,
    transactions::closing_finishes_what_waits_and_takes_no_more,
    watches::a_number_is_never_given_twice_and_the_most_is_the_most,
    watches::of_two_changes_of_a_watch_the_second_is_told,
    watches::a_watch_tells_of_a_payment_once_and_never_when_it_is_gone,
    watches::an_event_is_stored_once_and_done_once,
    watches::an_event_waits_for_its_hour_and_is_hurried_when_that_changes,
    watches::a_consent_is_found_by_the_banks_own_id_while_it_is_open,
    watches::forgetting_leaves_no_watch_and_lets_what_waits_go,
    watches::the_secret_of_an_endpoint_moves_to_the_next_key,
    without_key::one_without_a_key_holds_up_nobody_else,
    without_key::a_change_finds_that_its_customer_was_erased_meanwhile,
    without_key::workers_go_on_while_customers_are_erased,
}
