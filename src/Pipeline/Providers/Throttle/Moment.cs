namespace StreamEngine.Pipeline.Providers.Throttle;

/// <summary>A moment on both clocks: windows that slide go by the one that is never set, windows that begin with a day by the time of day.</summary>
/// <param name="Ticks">Ticks since the throttle was made.</param>
/// <param name="Utc">The time of day.</param>
internal readonly record struct Moment(long Ticks, DateTimeOffset Utc);
