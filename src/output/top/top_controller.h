#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/where_filter.h"
#include "output/top/screen.h"
#include "output/top/top_model.h"
#include "output/top/top_state.h"
#include "output/top/top_view.h"

namespace sslsniff {

/// What keys do, and what is on the screen. Knows no terminal and no clock.
class TopController {
  public:
    /// Understands an expression of --where.
    using ParseWhere = std::function<Result<WhereFilter>(std::string_view)>;
    /// Writes a new file.
    using Save = std::function<Result<void>(const std::string& path, std::string_view text)>;
    /// "12:00:01".
    using Clock = std::function<std::string(Timestamp)>;

    /// Borrows the model.
    TopController(TopModel& model, ParseWhere parse_where, Save save, Clock clock);

    void press(Key key);
    /// What is to be shown now. Takes what is new from the model, unless it is paused.
    Screen draw(ScreenSize size);
    bool wants_to_quit() const { return quits_; }

  private:
    void press_in_prompt(Key key);
    void press_in_table(Key key);
    void press_character(char32_t character);
    void move(std::ptrdiff_t rows);
    void enter();
    void leave();
    void change_sort(bool forward);
    void show_columns(std::size_t count);
    void to_top();
    void toggle_pause();
    void finish_prompt();
    void set_where(const std::string& expression);
    void save(const std::string& path);
    void take_from_model();
    void keep_selected_in_sight(std::size_t lines);
    std::size_t rows() const;
    /// The groups that the selected row is of, or the entered one.
    std::vector<std::string> selected_path() const;
    std::size_t all_columns() const { return model_.table().columns().size(); }

    TopModel& model_;
    ParseWhere parse_where_;
    Save save_;
    Clock clock_;
    TopState state_;
    // What is shown.
    TopTotals totals_;
    std::vector<TopRow> rows_;
    std::vector<KeptPointer> kept_;
    KeptPointer looked_at_;
    std::size_t page_ = 1;  ///< rows of the latest screen
    bool quits_ = false;
};

}  // namespace sslsniff
