//! Decisions: what they say in cases that people know, and what holds of two million others.

mod answers;
mod cases;
mod chance;
mod charged;
mod cost;
mod help;
mod times;
mod world;
