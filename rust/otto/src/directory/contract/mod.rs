//! What every store does, as tests that run against each of them.
//!
//! An implementation has them by `contract!(fresh)`, where `fresh` is an async function that gives an
//! empty store and what is to outlive it.

mod blobs;
mod records;

pub(super) use blobs::*;
pub(super) use records::*;

macro_rules! contract {
    ($fresh:path) => {
        $crate::directory::contract::contract! { $fresh:
            a_missing_record_is_none_and_can_be_deleted,
            a_record_comes_back_exactly,
            a_record_keeps_its_id_and_counts_its_revisions,
            after_a_delete_a_put_begins_another_record,
            a_put_that_expects_something_else_changes_nothing,
            each_field_of_a_key_matters,
            all_records_of_one_application_come_in_order,
            a_record_is_put_once_by_those_who_expect_it_missing,
            every_one_of_many_puts_has_a_revision_of_its_own,
            blobs_of_every_size_come_back,
            a_missing_blob_differs_from_an_empty_one,
            two_applications_may_use_the_same_key,
            a_blob_that_is_replaced_can_be_read_to_its_end,
            bytes_that_break_off_leave_what_was_there,
            the_same_bytes_stay_for_as_long_as_one_key_has_them,
            blobs_are_put_and_deleted_by_many_at_once,
        }
    };
    ($fresh:path: $($test:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread")]
            async fn $test() {
                let (store, _kept) = $fresh().await;
                $crate::directory::contract::$test(store).await;
            }
        )*
    };
}
pub(super) use contract;
