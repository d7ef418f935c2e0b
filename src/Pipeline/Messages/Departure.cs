namespace StreamEngine.Pipeline.Messages;

/// <summary>One record that left the flow in the current step.</summary>
/// <param name="State">What became of it.</param>
/// <param name="Row">The row, or -1 when a whole document left.</param>
/// <param name="Document">The document it was read from.</param>
/// <param name="Reason">Counted; from a small fixed set.</param>
/// <param name="Detail">More for the person who reads the dead letter.</param>
internal readonly record struct Departure(RowState State, int Row, int Document, string Reason, string? Detail);
