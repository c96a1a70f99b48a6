//! What cannot be written at all. Each program in `ui/` is one way around the gate that does not compile.

#[test]
fn there_is_no_way_around_the_gate() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
