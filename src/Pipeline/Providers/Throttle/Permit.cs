namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>Leave to send one request. It is given back by exactly one of the throttle's ways.</summary>
/// <param name="Id">Its number, ever growing.</param>
/// <param name="Credits">What it costs.</param>
internal sealed record Permit(long Id, int Credits);
